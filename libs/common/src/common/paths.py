"""Where the addresses of each service begin, written once."""

API = "/api/v1"
AUTH = f"{API}/auth"
RESUME = f"{API}/resume"
INTERVIEW = f"{API}/interview"
TASKS = f"{API}/tasks"
