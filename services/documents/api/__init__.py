"""The servicers of the documents service, and what needs gRPC or drives a call."""
