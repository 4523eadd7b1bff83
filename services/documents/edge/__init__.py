"""The edge of the documents service: protobuf and gRPC, and nothing else knows them."""

DOMAIN = "documents.microcredit"
