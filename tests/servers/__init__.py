"""Real servers for the tests, without Docker: started, stopped, killed and cut off at will."""
