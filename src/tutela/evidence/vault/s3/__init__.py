"""A store in a bucket of a service that speaks the protocol of Amazon S3."""
