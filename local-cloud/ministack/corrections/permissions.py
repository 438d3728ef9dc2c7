"""Permissions that calls require."""

import functools
import json

from ministack.core import iam_actions, iam_evaluator, responses
from ministack.services import iam, kms

from .support import correction, replace_text, require, wrap

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


@correction(
    fact="A call about an instance profile is judged by the ARN of the profile, with its path.",
    source="docs.aws.amazon.com/service-authorization/latest/reference/list_awsidentityandaccessmanagementiam.html",
)
def instance_profiles_are_resources():
    profiles = require(iam, "_instance_profiles")
    arn = require(iam, "instance_profile_arn")

    def extract_resource_arn(original, service, method, path, headers, body, query_params, *place):
        name = iam_actions._query_param(query_params, "InstanceProfileName") if service == "iam" else None
        if not name:
            return original(service, method, path, headers, body, query_params, *place)
        known = profiles.get(name)
        return known["Arn"] if known else arn(name, iam_actions._query_param(query_params, "Path"))

    wrap(iam_actions, "extract_resource_arn", extract_resource_arn)


@correction(
    fact="A call with an alias is judged by its key, and kms:ResourceAliases holds the aliases of the key.",
    source="docs.aws.amazon.com/kms/latest/developerguide/alias-authorization.html",
)
def keys_are_known_by_their_aliases():
    require(kms, "_resolve_key")
    require(kms, "_aliases")

    def request_tag_context(original, service, iam_action, body, params):
        context = original(service, iam_action, body, params)
        return {**context, **alias_context(_key_in(body))} if service == "kms" else context

    def extract_resource_arn(original, service, method, path, headers, body, query_params, *place):
        found = original(service, method, path, headers, body, query_params, *place)
        record = _key_in(body) if service == "kms" and ":alias/" in found else None
        return record["Arn"] if record else found

    wrap(iam_actions, "request_tag_context", request_tag_context)
    wrap(iam_actions, "extract_resource_arn", extract_resource_arn)


@correction(
    fact="IAM judges a call in no time that a caller would notice; MiniStack parses all policies of a role twice for each call.",
    source="docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_evaluation-logic.html",
)
def policies_are_parsed_once():
    parse = require(iam_evaluator, "parse_policy_document")
    parse_text = functools.lru_cache(2000)(parse)

    def parse_policy_document(_original, document):
        return parse_text(document) if isinstance(document, str) else parse(document)

    wrap(iam_evaluator, "parse_policy_document", parse_policy_document)

    # The caller follows from the key alone; its permissions are read where they are evaluated.
    require(iam_evaluator, "resolve_credential")
    iam_evaluator._credential_of = lambda access_key, account: iam_evaluator.resolve_credential(
        access_key, require(responses, "_account_from_sts_session")(access_key) or account
    )
    replace_text(
        iam_evaluator,
        "request_caller_arn",
        ("resolve_principal(access_key, get_account_id())", "_credential_of(access_key, get_account_id())"),
        ('getattr(principal, "arn", "")', 'getattr(principal, "principal_arn", "")'),
        ("return principal.arn", "return principal.principal_arn"),
    )


@correction(
    fact="aws:PrincipalArn of a session is the ARN of its role, with the path of the role.",
    source="docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html#condition-keys-principalarn",
)
def sessions_are_known_by_their_roles():
    def resolve_condition_key(original, key, context):
        return role_arn(context.principal_arn) if key.lower() == "aws:principalarn" else original(key, context)

    wrap(iam_evaluator, "_resolve_condition_key", resolve_condition_key)


@correction(
    fact="A dry run of GenerateDataKeyWithoutPlaintext makes no key: it is refused, or answers DryRunOperationException.",
    source="docs.aws.amazon.com/kms/latest/developerguide/testing-permissions.html",
)
def data_keys_can_be_tried():
    dry_run = require(kms, "_dry_run_error")

    def generate(original, data):
        answer = original(data)
        made = answer[0] == 200 and data.get("DryRun")
        return dry_run("GenerateDataKeyWithoutPlaintext") if made else answer

    wrap(kms, "_generate_data_key_without_plaintext", generate)


def role_arn(principal_arn: str) -> str:
    """The role of a session; any other principal is known by its own ARN."""
    if ":assumed-role/" not in principal_arn:
        return principal_arn
    account = principal_arn.split(":")[4]
    name = iam_evaluator._role_name_from_assumed_arn(principal_arn)
    role = iam._roles.get_scoped(account, None, name) or {}
    return role.get("Arn") or f"arn:aws:iam::{account}:role/{name}"


def alias_context(record) -> dict:
    """The condition key for a key of the account and region in scope."""
    if record is None:
        return {}
    names = [arn.split(":", 5)[-1] for arn, key_id in kms._aliases.items() if key_id == record["KeyId"]]
    return {"kms:resourcealiases": names} if names else {}


def _key_in(body: bytes):
    try:
        return kms._resolve_key(json.loads(body or b"{}").get("KeyId", ""))
    except (json.JSONDecodeError, UnicodeDecodeError, AttributeError):
        return None
