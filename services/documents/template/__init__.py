"""Template packages: manifests, digests, versions."""
