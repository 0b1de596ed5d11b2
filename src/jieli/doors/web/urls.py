"""Addresses that console and portal share."""

from django.urls import path, re_path

from jieli.doors.web import log_views, sign_in, views

urlpatterns = [
    path("", views.home, name="home"),
    path("sign-in", sign_in.page, name="sign-in"),
    path("sign-in/password", sign_in.password, name="sign-in-password"),
    path("sign-in/begin", sign_in.begin, name="sign-in-begin"),
    path("sign-in/finish", sign_in.finish, name="sign-in-finish"),
    path("sign-out", views.sign_out, name="sign-out"),
    path("passkeys", sign_in.mine, name="passkeys"),
    path("passkeys/begin", sign_in.begin_registration, name="passkeys-begin"),
    path("passkeys/finish", sign_in.finish_registration, name="passkeys-finish"),
    path("passkeys/<uuid:passkey>/end", sign_in.end, name="passkeys-end"),
    path("link/<str:token>", sign_in.link, name="link"),
    # One spelling of each address: the number of the log without leading zeros.
    re_path(r"^log/(?P<log>[1-9][0-9]{0,3})/checkpoint$", log_views.checkpoint, name="log-checkpoint"),
    re_path(
        r"^log/(?P<log>[1-9][0-9]{0,3})/tile/entries/(?P<path>.+)$", log_views.entries, name="log-entries"
    ),
    re_path(r"^log/(?P<log>[1-9][0-9]{0,3})/tile/(?P<path>.+)$", log_views.tile, name="log-tile"),
]
