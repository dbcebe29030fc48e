"""Rules about GPUs and Neuron devices, and the pods that use them."""
