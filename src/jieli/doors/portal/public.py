"""Addresses for those who never sign in: a customer at his link."""

from django.urls import path

from jieli.doors.portal import customer

urlpatterns = [path("<str:token>/", customer.page, name="customer-card")]
