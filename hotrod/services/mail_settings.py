"""The settings of mail: which way it goes, and each way's own."""

from __future__ import annotations

from typing import Literal

from pydantic import Field, SecretStr

from hotrod.sections import Port, Section
from hotrod.services.section import NO_SECRET, SANDBOX_SECRET, Seconds, ServiceSection


class MailSettings(Section):
    """How mail leaves: one transport for all mailboxes."""

    transport: Literal["graph", "ews", "smtp", "gmail"] = Field(
        "graph",
        description="graph: Microsoft 365. ews: Exchange on premises. smtp: any mail server. "
        "gmail: Google Workspace.",
    )
    timeout_seconds: Seconds = Field(20.0, description="Longest wait for the mail service.")
    filing_seconds: float = Field(
        15.0,
        ge=0,
        description="Longest time the mail service takes to file the sent copy of a mail; a mail "
        "whose fate is unknown is looked for again after it, and then sent.",
    )


class GraphSettings(ServiceSection):
    """Microsoft Graph: an app registration with Mail.Send and Mail.ReadWrite."""

    base_url: str = Field("https://graph.microsoft.com/v1.0", description="Root of the API.")
    login_url: str = Field(
        "https://login.microsoftonline.com", description="Root of the token service."
    )
    tenant: str = Field("", description="Directory (tenant) id, from the app registration.")
    client_id: str = Field("", description="Application (client) id, from the app registration.")
    client_secret: SecretStr = Field(
        NO_SECRET, description="Client secret, from 'Certificates & secrets'."
    )

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays Graph."""
        return {
            "base_url": f"{_root}/graph/v1.0",
            "login_url": f"{_root}/graph/login",
            "tenant": "sandbox",
            "client_id": "sandbox",
            "client_secret": SANDBOX_SECRET,
        }


class EwsSettings(ServiceSection):
    """Exchange Web Services of an Exchange server on premises."""

    base_url: str = Field(
        "", description="The service's endpoint, e.g. https://mail.example.com/EWS/Exchange.asmx."
    )
    username: str = Field("", description="Service account with application impersonation.")
    password: SecretStr = Field(NO_SECRET, description="Its password.")
    login: Literal["basic", "ntlm"] = Field("basic", description="How it logs in.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays Exchange."""
        return {
            "base_url": f"{_root}/ews/EWS/Exchange.asmx",
            "username": "sandbox",
            "password": SANDBOX_SECRET,
        }


class SmtpSettings(ServiceSection):
    """Any mail server that takes mail by SMTP submission (RFC 6409)."""

    host: str = Field("", description="Name or address of the server.")
    port: Port = Field(587, description="Submission port.")
    security: Literal["auto", "starttls", "tls", "none"] = Field(
        "auto",
        description="starttls: upgrade after connect, certificate verified. tls: from the first "
        "byte, verified. none: plain text. auto: starttls; on loopback, if the server offers it.",
    )
    username: str = Field("", description="Login name; empty: no login.")
    password: SecretStr = Field(NO_SECRET, description="Password of the login.")

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays the server; ports come later."""
        return {"host": "127.0.0.1", "username": "sandbox", "password": SANDBOX_SECRET}


class ImapSettings(ServiceSection):
    """The mailboxes beside the SMTP server (RFC 9051); without a host, sent mail isn't found."""

    host: str = Field("", description="Name or address of the server; empty: there is none.")
    port: Port = Field(993, description="IMAP port.")
    security: Literal["auto", "starttls", "tls", "none"] = Field(
        "tls",
        description="tls: from the first byte, certificate verified. starttls: upgrade after "
        "connect, verified. none: plain text. auto: starttls; on loopback, if it is offered.",
    )
    username: str = Field("", description="Login name.")
    password: SecretStr = Field(NO_SECRET, description="Password of the login.")
    sent_folder: str = Field(
        "Sent", description="Folder of sent mail, if the server marks none as such (RFC 6154)."
    )
    files_sent: bool = Field(
        False, description="Whether the SMTP server files what it sends; if not, we do, by IMAP."
    )

    @classmethod
    def played(cls, _root: str) -> dict[str, object]:
        """Return what the section holds when a stand-in plays the server; ports come later."""
        return {
            "host": "127.0.0.1",
            "security": "auto",
            "username": "sandbox",
            "password": SANDBOX_SECRET,
            "files_sent": True,
        }
