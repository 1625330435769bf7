"""A module here is a campaign when it has NAME and run(context): see ../README.md."""
