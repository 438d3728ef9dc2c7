"""Amazon SNS: subscriptions by e-mail, with the mails that they would bring."""

import time

from ministack.core.responses import new_uuid
from ministack.services import sns
from ministack.services.cloudformation import provisioners

from .support import correction, replace_text, require, wrap

MAIL_PROTOCOLS = ("email", "email-json")


class Mails:
    """The mails that were delivered, numbered in order. The oldest go when there are very many."""

    KEPT = 5000

    def __init__(self):
        self._mails: list[dict] = []
        self._count = 0

    def deliver(self, to: str, topic: str, subject: str, text: str) -> None:
        self._count += 1
        at = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime()) + f".{int(time.time() * 1000) % 1000:03d}Z"
        mail = {"number": self._count, "to": to, "at": at, "subject": subject, "text": text, "topic": topic}
        self._mails.append(mail)
        del self._mails[: -self.KEPT]

    def after(self, number: int) -> list[dict]:
        return [mail for mail in self._mails if mail["number"] > number]


mails = Mails()


def _link(action: str, **parameters: str) -> str:
    query = "".join(f"&{name}={value}" for name, value in parameters.items())
    return f"http://{sns._HOST}:{sns._PORT}/?Action={action}{query}"


def _ask_to_confirm(sub: dict) -> None:
    """The subscription waits for its address to open a link."""
    topic = sub["topic_arn"]
    sub["confirmed"] = False
    sub["token"] = sub.get("token") or new_uuid()
    sub["attributes"].update(PendingConfirmation="true", ConfirmationWasAuthenticated="false")
    link = _link("ConfirmSubscription", TopicArn=topic, Token=sub["token"])
    text = (
        f"You have chosen to subscribe to the topic:\n{topic}\n\n"
        f"To confirm this subscription, click or visit the link below (If this was in error no action is necessary):\n{link}"
    )
    mails.deliver(sub["endpoint"], topic, "AWS Notification - Subscription Confirmation", text)


@correction(
    fact=(
        "A subscription by e-mail is pending until the link in a mail to its address is opened. Until then it gets nothing, lists show "
        "PendingConfirmation in place of its ARN, and to subscribe again sends the mail again."
    ),
    source="docs.aws.amazon.com/sns/latest/dg/SendMessageToHttp.confirm.html, docs.aws.amazon.com/sns/latest/api/API_Subscribe.html",
)
def mail_subscriptions_are_confirmed():
    def subscribe(original, params):
        protocol, endpoint = sns._p(params, "Protocol"), sns._p(params, "Endpoint")
        if protocol not in MAIL_PROTOCOLS:
            return original(params)
        topic = sns._topic_by_arn_any_scope(sns._normalize_arn(sns._p(params, "TopicArn"))) or {}
        known = {sub["arn"] for sub in topic.get("subscriptions", [])}
        response = original(params)
        if response[0] != 200:
            return response
        for sub in topic["subscriptions"]:
            if (sub["protocol"], sub["endpoint"]) != (protocol, endpoint):
                continue
            if sub["confirmed"] and sub["arn"] in known:
                return response
            _ask_to_confirm(sub)
            sns._refresh_subscription_counts(topic)
        result = "<SubscribeResult><SubscriptionArn>pending confirmation</SubscriptionArn></SubscribeResult>"
        return sns._xml(200, "SubscribeResponse", result)

    def create(original, logical_id, props, stack_name):
        answer = original(logical_id, props, stack_name)
        sub = sns._find_subscription(props.get("TopicArn", ""), answer[0])
        if sub is not None and sub["protocol"] in MAIL_PROTOCOLS:
            _ask_to_confirm(sub)
        return answer

    wrap(sns, "_subscribe", subscribe)
    wrap(provisioners, "_sns_sub_create", create)
    require(provisioners, "_RESOURCE_HANDLERS")["AWS::SNS::Subscription"]["create"] = provisioners._sns_sub_create
    shown = "{sub['arn'] if sub.get('confirmed') else 'PendingConfirmation'}"
    for name in ("_list_subscriptions", "_list_subscriptions_by_topic"):
        replace_text(sns, name, ("<SubscriptionArn>{sub['arn']}</SubscriptionArn>", f"<SubscriptionArn>{shown}</SubscriptionArn>"))


@correction(
    fact=(
        "A confirmed subscription by e-mail brings subject and message, or the whole notification as JSON, with a link below that ends the "
        "subscription without a sign-in."
    ),
    source="docs.aws.amazon.com/sns/latest/dg/sns-email-notifications.html",
)
def mails_are_delivered():
    def deliver(sub: dict, subject: str, message: str, envelope: str) -> None:
        text = envelope if sub["protocol"] == "email-json" else message
        link = _link("Unsubscribe", SubscriptionArn=sub["arn"])
        ending = (
            "--\nIf you wish to stop receiving notifications from this topic, please click or visit the link below to unsubscribe:\n"
            f"{link}"
        )
        mails.deliver(sub["endpoint"], sub["topic_arn"], subject or "AWS Notification Message", f"{text}\n\n{ending}")

    sns._deliver_mail = deliver
    replace_text(
        sns,
        "_fanout",
        (
            'logger.info("SNS fanout → email %s (stub)", endpoint)',
            "_deliver_mail(sub, subject, effective_message, envelope)",
        ),
    )
