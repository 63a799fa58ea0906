"""Records an inference server's requests and answers as SageMaker's data capture would.

For servers without an endpoint that records. What is written here, `monitor` reads, and so does
anything else that reads the capture files of a real-time endpoint.
Importing this needs the standard library alone, and boto3 where captures go to S3.
"""

from __future__ import annotations

from tidegauge.capture.writer import CaptureWriter

__all__ = ["CaptureWriter"]
