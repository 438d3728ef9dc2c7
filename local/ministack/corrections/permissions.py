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
