"""The web server's own log, in lines of ours: it names the address of a request that it could not finish."""

from typing import Any

from gunicorn import glogging

from engagement.logs import in_lines_of_ours


class Logger(glogging.Logger):
    def setup(self, cfg: Any) -> None:
        super().setup(cfg)
        for log in (self.error_log, self.access_log):
            in_lines_of_ours(log)
