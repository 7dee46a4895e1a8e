"""What people and programs call: actions, HTTP routes, command line, accounts, jobs, settings."""
