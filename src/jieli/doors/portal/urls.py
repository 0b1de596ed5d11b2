"""Addresses of the portal."""

from django.urls import path

from jieli.doors.portal import mine

urlpatterns = [
    path("", mine.page, name="mine"),
    path("withdraw", mine.withdraw, name="withdraw"),
    path("object", mine.object_, name="object"),
]
