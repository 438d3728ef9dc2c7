"""Which rights a call needs."""

from ministack.core import iam_actions

from .support import correction, wrap

BATCHES = {
    "sqs:SendMessageBatch": "sqs:SendMessage",
    "sqs:DeleteMessageBatch": "sqs:DeleteMessage",
    "sqs:ChangeMessageVisibilityBatch": "sqs:ChangeMessageVisibility",
    "sns:PublishBatch": "sns:Publish",
}


@correction(
    fact="A batch call of SQS or SNS needs the right to the single call; IAM knows no action of its own for it.",
    source="docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-api-permissions-reference.html",
)
def batches_need_the_single_right():
    def extract_iam_action(original, *args, **kwargs):
        action = original(*args, **kwargs)
        return BATCHES.get(action, action)

    wrap(iam_actions, "extract_iam_action", extract_iam_action)


@correction(
    fact="A call about a subscription is judged by the topic, the only resource that Amazon SNS knows.",
    source="docs.aws.amazon.com/service-authorization/latest/reference/list_amazonsns.html",
)
def subscriptions_belong_to_topics():
    def extract_resource_arn(original, service, method, path, headers, body, query_params, *place):
        found = original(service, method, path, headers, body, query_params, *place)
        if service != "sns" or found != "*":
            return found
        subscription = iam_actions._query_param(query_params, "SubscriptionArn") or ""
        # arn:aws:sns:<region>:<account>:<topic>:<id>
        return subscription.rpartition(":")[0] if subscription.count(":") == 6 else found

    wrap(iam_actions, "extract_resource_arn", extract_resource_arn)
