"""The stand-ins that there are; each is a folder, described in its ``stand_in.py``."""

from __future__ import annotations

from sandbox.anymailfinder.stand_in import ANYMAILFINDER
from sandbox.claude.stand_in import CLAUDE
from sandbox.discord.stand_in import DISCORD
from sandbox.ebay.stand_in import EBAY
from sandbox.google.stand_in import GOOGLE
from sandbox.hubspot.stand_in import HUBSPOT
from sandbox.mail.stand_in import MAIL
from sandbox.mailgun.stand_in import MAILGUN
from sandbox.n8n.stand_in import N8N
from sandbox.objects.stand_in import OBJECTS
from sandbox.sendgrid.stand_in import SENDGRID
from sandbox.slack.stand_in import SLACK
from sandbox.stand_in import StandIn
from sandbox.stripe.stand_in import STRIPE
from sandbox.supabase.stand_in import SUPABASE
from sandbox.twilio.stand_in import TWILIO
from sandbox.unleashed.stand_in import UNLEASHED
from sandbox.webpush.stand_in import WEB_PUSH

STAND_INS: tuple[StandIn, ...] = (
    MAIL,
    GOOGLE,
    HUBSPOT,
    CLAUDE,
    EBAY,
    UNLEASHED,
    ANYMAILFINDER,
    N8N,
    SUPABASE,
    OBJECTS,
    SLACK,
    DISCORD,
    MAILGUN,
    SENDGRID,
    WEB_PUSH,
    TWILIO,
    STRIPE,
)
