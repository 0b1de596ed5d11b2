"""Messages to people outside: SMS and mail. `ports` says what a deliverer promises.

`outbox_folder` writes them into a directory (演示投递箱), `mail` sends them by SMTP.
"""
