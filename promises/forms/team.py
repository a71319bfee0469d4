from django import forms


class TeamPage(forms.Form):
    """Whom the page comes after. Nonsense is as if it were not there."""

    after = forms.IntegerField(required=False, min_value=1, max_value=2**62)
