"""SendGrid: mails handed over by HTTP."""
