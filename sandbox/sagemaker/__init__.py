"""SageMaker as far as a registry of models and adapters needs it, one module per noun."""
