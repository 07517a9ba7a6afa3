"""The tabs of the result, a module each; ``panels/results.py`` lists them."""
