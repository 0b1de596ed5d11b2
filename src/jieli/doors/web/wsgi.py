"""The web process: what the WSGI server runs. The house is made ready once, when the process starts."""

from django.core.handlers.wsgi import WSGIHandler

from jieli.wiring import start
from jieli.wiring.profile import profile

start.load()
start.ready(profile())
application = WSGIHandler()
