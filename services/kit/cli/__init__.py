"""What a command line in French needs: help, output, exit codes, calls to a server."""
