"""Transport of calls: TLS, as everywhere on AWS."""

from ministack import app

from .support import correction, wrap


@correction(
    fact="AWS is reached over TLS, so aws:SecureTransport is true for callers with the SDKs' defaults; "
    "the local cloud speaks plain HTTP on the loopback interface, which is private to the machine.",
    source="docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_condition-keys.html, aws:SecureTransport",
)
def the_loopback_counts_as_tls():
    def pin_request_origin(original, source_ip, _secure_transport):
        return original(source_ip, True)

    wrap(app, "pin_request_origin", pin_request_origin)
