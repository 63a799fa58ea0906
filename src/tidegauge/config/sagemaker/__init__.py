"""From SageMaker's descriptions of a monitor to a conf; what a conf cannot say is told."""
