"""CloudFormation: resource types of our stacks that MiniStack does not create."""

import json
import os
import re
import urllib.error
import urllib.parse
import urllib.request

from ministack.core.responses import get_account_id, get_region, new_uuid
from ministack.services import cloudtrail, eventbridge, iam
from ministack.services.cloudformation import changesets, engine, handlers, provisioners, stacks

from .support import correction, replace_text, require, wrap


def _add_type(name: str, **steps) -> None:
    types = require(provisioners, "_RESOURCE_HANDLERS")
    types.setdefault(name, steps)


@correction(
    fact="AWS::CloudTrail::Trail makes a trail, which logs when IsLogging says so.",
    source="docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html",
)
def stacks_have_trails():
    def create(logical_id, props, stack_name):
        name = props.get("TrailName") or f"{stack_name}-{logical_id}-{new_uuid()[:12]}"
        _succeed(cloudtrail._create_trail({**props, "Name": name}))
        _set_logging(name, props)
        arn = cloudtrail._trails[name]["TrailARN"]
        return name, {"Arn": arn}

    def update(physical_id, old_props, new_props, stack_name):
        _succeed(cloudtrail._update_trail({**new_props, "Name": physical_id}))
        _set_logging(physical_id, new_props)
        return physical_id, {"Arn": cloudtrail._trails[physical_id]["TrailARN"]}

    def delete(physical_id, props):
        cloudtrail._delete_trail({"Name": physical_id})

    _add_type("AWS::CloudTrail::Trail", create=create, update=update, delete=delete)


@correction(
    fact="A condition may refer to a pseudo parameter, and join the values of a list parameter.",
    source="docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html",
)
def conditions_know_more_than_parameters():
    engine._pseudo_parameter = lambda name: {
        "AWS::Region": get_region(),
        "AWS::AccountId": get_account_id(),
        "AWS::Partition": "aws",
        "AWS::URLSuffix": "amazonaws.com",
    }.get(name, name)
    replace_text(
        engine,
        "_evaluate_conditions",
        ("return pname", "return _pseudo_parameter(pname)"),
        (
            'if "Fn::Select" in val:',
            'if "Fn::Join" in val:\n'
            '                separator, items = val["Fn::Join"]\n'
            "                items = _resolve_cond_value(items)\n"
            '                items = items.split(",") if isinstance(items, str) else map(_resolve_cond_value, items)\n'
            "                return separator.join(map(str, items))\n"
            '            if "Fn::Select" in val:',
        ),
    )
    for module in (changesets, handlers, stacks):
        require(module, "_evaluate_conditions")
        module._evaluate_conditions = engine._evaluate_conditions


def _set_logging(name: str, props: dict) -> None:
    logging = str(props.get("IsLogging", False)).lower() == "true"
    _succeed((cloudtrail._start_logging if logging else cloudtrail._stop_logging)({"Name": name}))


def _succeed(response) -> None:
    if response[0] >= 400:
        raise ValueError(f"AWS::CloudTrail::Trail: {response[2]!r}")


def logging_trails(account: str, region: str) -> list[str]:
    """ARNs of the trails that log what happens in the region: trails of it, and multi-region ones."""
    return [
        trail["TrailARN"]
        for (owner, home, _), trail in cloudtrail._trails.all_items()
        if owner == account and trail.get("IsLogging") and (home == region or trail.get("IsMultiRegionTrail"))
    ]


@correction(
    fact="An alarm may watch an expression over several metrics. Here it is kept as described, and never leaves INSUFFICIENT_DATA.",
    source="docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/Create-alarm-on-metric-math-expression.html",
)
def alarms_may_use_metric_math():
    def alarm_record(original, name, props):
        if not props.get("Metrics"):
            return original(name, props)
        nothing = {"MetricName": "expression", "Namespace": "not-evaluated"}
        alarm = original(name, {**props, "Metrics": None, **nothing})
        return {**alarm, "Metrics": props["Metrics"]}

    wrap(provisioners, "_cw_metric_alarm_record", alarm_record)


@correction(
    fact="AWS::Events::EventBusPolicy sets one statement of a bus policy.",
    source="docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-events-eventbuspolicy.html",
)
def stacks_have_event_bus_policies():
    def create(logical_id, props, stack_name):
        statement = props.get("Statement") or {
            "Effect": "Allow",
            "Principal": {"AWS": props.get("Principal", "*")} if props.get("Principal") != "*" else "*",
            "Action": props.get("Action", "events:PutEvents"),
            "Resource": f"arn:aws:events:{get_region()}:{get_account_id()}:event-bus/{_bus(props)}",
            **({"Condition": props["Condition"]} if props.get("Condition") else {}),
        }
        statement = json.loads(statement) if isinstance(statement, str) else statement
        policy = eventbridge._event_bus_policies.setdefault(_bus(props), {"Version": "2012-10-17", "Statement": []})
        policy["Statement"] = [
            *(other for other in policy["Statement"] if other.get("Sid") != props["StatementId"]),
            {**statement, "Sid": props["StatementId"]},
        ]
        return f"{_bus(props)}|{props['StatementId']}", {}

    def update(physical_id, old_props, new_props, stack_name):
        delete(physical_id, old_props)
        return create(None, new_props, stack_name)

    def delete(physical_id, props):
        eventbridge._remove_permission({"EventBusName": _bus(props), "StatementId": props["StatementId"]})

    _add_type("AWS::Events::EventBusPolicy", create=create, update=update, delete=delete)


def _bus(props: dict) -> str:
    return props.get("EventBusName") or "default"


@correction(
    fact="Ref of an instance profile is its name.",
    source="docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-iam-instanceprofile.html, return values",
)
def instance_profiles_are_referred_to_by_name():
    types = require(provisioners, "_RESOURCE_HANDLERS")
    known = types["AWS::IAM::InstanceProfile"]
    name_of = lambda arn: arn.rsplit("/", 1)[-1]  # noqa: E731

    def find_arn(name):
        profile = iam._instance_profiles.get(name)
        return profile["Arn"] if profile else name

    def create(logical_id, props, stack_name):
        arn, attributes = known["create"](logical_id, props, stack_name)
        return name_of(arn), attributes

    def update(physical_id, old_props, new_props, stack_name, logical_id=None):
        arn, attributes = known["update"](find_arn(physical_id), old_props, new_props, stack_name, logical_id)
        return name_of(arn), attributes

    def delete(physical_id, props):
        known["delete"](find_arn(physical_id), props)

    types["AWS::IAM::InstanceProfile"] = {**known, "create": create, "update": update, "delete": delete}


@correction(
    fact="A security group of a stack is a security group of EC2, which in the local cloud is one of our own image services.",
    source="docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-ec2-securitygroup.html",
)
def security_groups_are_made_in_ec2():
    types = require(provisioners, "_RESOURCE_HANDLERS")
    known = types["AWS::EC2::SecurityGroup"]

    def create(logical_id, props, stack_name):
        name = props.get("GroupName") or f"{stack_name}-{logical_id}-{new_uuid()[:12]}"
        fields = {"Action": "CreateSecurityGroup", "GroupName": name, "GroupDescription": props.get("GroupDescription", name)}
        if props.get("VpcId"):
            fields["VpcId"] = props["VpcId"]
        # CloudFormation's own tags are not a caller's to set.
        own = [tag for tag in props.get("Tags", []) if not tag["Key"].startswith("aws:")]
        for index, tag in enumerate(own, start=1):
            fields["TagSpecification.1.ResourceType"] = "security-group"
            fields[f"TagSpecification.1.Tag.{index}.Key"] = tag["Key"]
            fields[f"TagSpecification.1.Tag.{index}.Value"] = tag["Value"]
        group_id = re.search(r"<groupId>(sg-[0-9a-f]+)</groupId>", _ask_ec2(fields))[1]
        arn = f"arn:aws:ec2:{get_region()}:{get_account_id()}:security-group/{group_id}"
        return group_id, {"GroupId": group_id, "VpcId": props.get("VpcId", ""), "Arn": arn}

    def delete(physical_id, props):
        _ask_ec2({"Action": "DeleteSecurityGroup", "GroupId": physical_id})

    types["AWS::EC2::SecurityGroup"] = {**known, "create": create, "delete": delete}


def _ask_ec2(fields: dict) -> str:
    """A call to EC2 through the gateway, as root of the current account: root keys are not checked."""
    scope = f"{get_account_id()}/20260101/{get_region()}/ec2/aws4_request"
    request = urllib.request.Request(
        os.environ["AWS_ENDPOINT_URL"],
        data=urllib.parse.urlencode({"Version": "2016-11-15", **fields}).encode(),
        headers={
            "authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=00",
            "content-type": "application/x-www-form-urlencoded",
        },
    )
    try:
        with urllib.request.urlopen(request, timeout=10) as answer:
            return answer.read().decode()
    except urllib.error.HTTPError as refusal:
        raise ValueError(f"EC2 refused {fields['Action']}: {refusal.read().decode()}") from None
