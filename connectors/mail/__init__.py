"""Mail: one transport interface, by Microsoft Graph or by SMTP."""
