"""Addresses of the portal."""

from django.urls import path

from jieli.doors.portal import leaving, leaving_says, mine, signing, signing_acts

_PAPER = "papers/<uuid:paper>/"

urlpatterns = [
    path("", mine.page, name="mine"),
    path("kept", mine.kept, name="mine-kept"),
    path("withdraw", mine.withdraw, name="withdraw"),
    path("object", mine.object_, name="object"),
    path("leaving/", leaving.page, name="leaving"),
    path("leaving/objection", leaving_says.objection, name="leaving-object"),
    path("leaving/private", leaving_says.private, name="leaving-private"),
    path("leaving/numbers/<uuid:number>", leaving_says.bound, name="leaving-number"),
    path("leaving/promises", leaving_says.promises, name="leaving-promises"),
    path("leaving/money", leaving_says.money, name="leaving-money"),
    path("papers/", signing.waiting, name="my-papers"),
    path(_PAPER, signing.paper, name="my-paper"),
    path(f"{_PAPER}file", signing.file, name="my-paper-file"),
    path(f"{_PAPER}pages/<int:page>.png", signing.page_picture, name="my-paper-page"),
    path(f"{_PAPER}receipts/<uuid:signature>.zip", signing.receipt, name="my-paper-receipt"),
    path(f"{_PAPER}objection", signing_acts.object_, name="my-paper-object"),
    path(f"{_PAPER}roles/<str:role>/begin", signing_acts.begin, name="my-paper-begin"),
    path(f"{_PAPER}roles/<str:role>/finish", signing_acts.finish, name="my-paper-finish"),
    path(f"{_PAPER}roles/<str:role>/trace", signing_acts.trace, name="my-paper-trace"),
    path(f"{_PAPER}roles/<str:role>/refuse", signing_acts.refuse, name="my-paper-refuse"),
]
