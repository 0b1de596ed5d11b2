"""Who there is: legal entities, units, staff and their engagements; customers, their identities and orders.

Each register is keyed by what people write on paper (工号, 客户编号, 订单号) and keeps every earlier version in the
ledger. Nobody is deleted: a staff member leaves on a date.
"""
