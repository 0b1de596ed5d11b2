"""Addresses of the console."""

from django.urls import path

from jieli.doors.console import accounts, gaps, ledger, reading

urlpatterns = [
    path("accounts/", accounts.accounts, name="accounts"),
    path("accounts.csv", accounts.export, name="accounts-export"),
    path("accounts/<uuid:account>/", accounts.detail, name="account"),
    path("gaps/", gaps.gaps, name="gaps"),
    path("gaps.csv", gaps.export, name="gaps-export"),
    path("reading/", reading.form, name="reading"),
    path("reading/search", reading.search, name="reading-search"),
    path("reading/conversation", reading.conversation, name="reading-conversation"),
    path("ledger/", ledger.state, name="ledger"),
]
