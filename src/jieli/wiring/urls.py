"""Every address of the house. A page whose room is not open yet has none."""

from pathlib import Path

from django.urls import include, path

HOUSE = Path(__file__).parents[1]

handler400 = "jieli.doors.web.errors.malformed"
handler404 = "jieli.doors.web.errors.absent"
handler500 = "jieli.doors.web.errors.fault"

urlpatterns = [
    path("", include("jieli.doors.web.urls")),
    path("", include("jieli.doors.console.urls")),
    path("me/", include("jieli.doors.portal.urls")),
    path("c/", include("jieli.doors.portal.public")),
]
