"""Quote reminders: open quotes are recalled after 24 h and 72 h, and expire in the end."""

from __future__ import annotations

from prefect import flow

from flows._attempt import attempt
from hotrod.errors import HotrodError
from tasks.mail import send_reminder
from tasks.records import expire_quote, find_due_reminders


@flow(name="quote-reminders")
async def quote_reminders() -> int:
    """Send the reminders that are due now, in the opening hours of each business only.

    A mail that can't be sent doesn't hold up the others; it is tried again the next time. Past its
    expiry a quote can't be approved, so its mail may go out before the quote is marked.

    Runs on a schedule. Returns how many mails were due.

    Raises:
        HotrodError: some mails could not be sent.
    """
    due = await find_due_reminders()
    failed = 0
    for reminder in due:
        if not await attempt(send_reminder(reminder.ticket, reminder.quote, reminder.kind)):
            failed += 1
        elif reminder.kind == "expired":
            await expire_quote(reminder.ticket, reminder.quote)
    if failed:
        raise HotrodError(f"{failed} of {len(due)} mails could not be sent; see the failed steps")
    return len(due)
