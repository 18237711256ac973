"""Mail: one transport interface, by Microsoft Graph, by EWS, or by SMTP and IMAP."""
