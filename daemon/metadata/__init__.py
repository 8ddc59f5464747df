"""What cameras and people wrote into photos and sidecars: dates, places, settings, words."""
