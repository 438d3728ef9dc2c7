"""Parameter Store: change events, and the public parameters of AWS."""

import json
import time

from ministack.core.responses import error_response_json, get_region, json_response
from ministack.services import eventbridge, ssm

from .support import correction, require, wrap


def emit_parameter_event(operation: str, name: str, detail: dict) -> None:
    """Put a Parameter Store Change event on the default bus of the current account and region."""
    eventbridge._put_events(
        {
            "Entries": [
                {
                    "Source": "aws.ssm",
                    "DetailType": "Parameter Store Change",
                    "Detail": json.dumps({"operation": operation, "name": name, **detail}),
                    "Resources": [ssm._param_arn(name)],
                }
            ]
        },
        allow_aws_source=True,
    )


@correction(
    fact="Creating, updating and deleting a parameter puts a Parameter Store Change event on the default bus.",
    source="docs.aws.amazon.com/systems-manager/latest/userguide/monitoring-systems-manager-event-examples.html",
)
def parameter_changes_are_events():
    def put_parameter(original, data):
        response = original(data)
        if response[0] == 200:
            record = ssm._parameters.get(data["Name"]) or {}
            detail = {"type": record.get("Type", data.get("Type"))}
            if record.get("Description"):
                detail["description"] = record["Description"]
            operation = "Update" if record.get("Version", 1) > 1 else "Create"
            emit_parameter_event(operation, data["Name"], detail)
        return response

    def delete_parameter(original, data):
        record = ssm._parameters.get(data.get("Name"))
        response = original(data)
        if response[0] == 200 and record:
            emit_parameter_event("Delete", record["Name"], {"type": record["Type"]})
        return response

    def delete_parameters(original, data):
        records = {name: ssm._parameters.get(name) for name in data.get("Names", [])}
        response = original(data)
        for name in json.loads(response[2]).get("DeletedParameters", []):
            if records.get(name):
                emit_parameter_event("Delete", name, {"type": records[name]["Type"]})
        return response

    wrap(ssm, "_put_parameter", put_parameter)
    wrap(ssm, "_delete_parameter", delete_parameter)
    wrap(ssm, "_delete_parameters", delete_parameters)


@correction(
    fact="Tags of a parameter that does not exist are refused with InvalidResourceId.",
    source="docs.aws.amazon.com/systems-manager/latest/APIReference/API_AddTagsToResource.html",
)
def tags_need_a_parameter():
    def refused(original, data):
        is_parameter = data.get("ResourceType", "Parameter") == "Parameter"
        if not is_parameter or ssm._parameters.get(data.get("ResourceId")) is not None:
            return original(data)
        return error_response_json(
            "InvalidResourceId",
            "The resource ID isn't valid. Verify that you entered the correct ID and try again.",
            400,
        )

    for name in ("_add_tags_to_resource", "_remove_tags_from_resource", "_list_tags_for_resource"):
        wrap(ssm, name, refused)


class PublicParameters:
    """The /aws/service/... parameters, which AWS owns: every account reads them, per region, and no account gets an event."""

    def __init__(self):
        self._records: dict[tuple[str, str], dict] = {}

    def put(self, region: str, name: str, value: str) -> int:
        version = self._records.get((region, name), {}).get("Version", 0) + 1
        self._records[(region, name)] = {
            "Name": name,
            "Type": "String",
            "Value": value,
            "Version": version,
            "LastModifiedDate": time.time(),
            "ARN": f"arn:aws:ssm:{region}::parameter{name}",
            "DataType": "text",
        }
        return version

    def get(self, name: str) -> dict | None:
        return self._records.get((get_region(), name))

    def under(self, path: str, recursive: bool) -> list[dict]:
        prefix = path.rstrip("/") + "/"
        return [
            record
            for (region, name), record in sorted(self._records.items())
            if region == get_region()
            and name.startswith(prefix)
            and (recursive or "/" not in name[len(prefix):])
        ]


public_parameters = PublicParameters()


@correction(
    fact=(
        "Public parameters exist in every region, have a version that rises, an ARN without account and the data type text; "
        "an account's own parameters never stand under /aws/service."
    ),
    source="docs.aws.amazon.com/systems-manager/latest/userguide/parameter-store-finding-public-parameters.html",
)
def public_parameters_are_seeded():
    require(ssm, "_PUBLIC_AMI_PARAMETERS")
    ssm._PUBLIC_AMI_PARAMETERS.clear()
    require(ssm, "_public_parameter")
    ssm._public_parameter = lambda name: public_parameters.get(_read_name(name))

    def get_parameters_by_path(original, data):
        if not str(data.get("Path", "")).startswith("/aws/service"):
            return original(data)
        return json_response({"Parameters": public_parameters.under(data["Path"], bool(data.get("Recursive")))})

    wrap(ssm, "_get_parameters_by_path", get_parameters_by_path)


def _read_name(name_or_arn: str) -> str:
    """Public parameters may be asked for by ARN too: arn:aws:ssm:<region>::parameter/aws/service/..."""
    marker = f"arn:aws:ssm:{get_region()}::parameter"
    return name_or_arn[len(marker):] if name_or_arn.startswith(marker) else name_or_arn


