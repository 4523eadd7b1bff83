"""The advice on one application, made of what the two evaluators find."""
