"""Mailgun: mails handed over by HTTP."""
