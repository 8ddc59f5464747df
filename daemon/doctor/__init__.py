"""``phototag doctor``: what a helper would ask for, looked at without changing anything.

A module a topic; each check is a generator of findings. What it asks is asked where it is known:
the catalog's check, the models' store, the daemon's status, the watcher's rules.
"""
