"""The way through a list of several pages."""

from django import template
from django.template import RequestContext

from engagement.staff import addresses

register = template.Library()


@register.simple_tag(takes_context=True)
def first_page(context: RequestContext) -> str:
    """The address of the first page of what is shown. Nothing on that page itself."""
    return addresses.first_page(context.request)
