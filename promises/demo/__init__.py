"""The demonstration firm: half a year of it, played through the product's own verbs up to the present."""

from promises.demo.play import Played, play

__all__ = ["Played", "play"]
