"""One recorder for each of Keras' backends, and what they share; importing a module of it imports no framework.

`keras_impl.Recorder` is the one of the backend that Keras runs on.
"""
