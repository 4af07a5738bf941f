"""Where the API's addresses begin: devstack imports none of the programs it starts, so it has this for itself."""

API = "/api/v1"
