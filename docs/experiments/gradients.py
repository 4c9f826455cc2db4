"""Gradients that are measured, from nothing but the loss: L(*weights) is a number, `weights` are arrays."""
import numpy as np


def moved(weights, k, index, by):
    """Copies of the weights; in array k, `by` is added to the entry at this index."""
    copies = [weight.astype(np.result_type(weight, by)) for weight in weights]
    copies[k][index] += by
    return copies


def entry_by_entry(derivative, weights):
    """Arrays of the shapes of the weights, with derivative(k, index) for each entry of array k."""
    return [np.reshape([derivative(k, index) for index in np.ndindex(weight.shape)], weight.shape)
            for k, weight in enumerate(weights)]


def central_difference(L, weights, step=1e-5):
    """(L(w + step) - L(w - step)) / (2 step), for each entry w."""
    def derivative(k, index):
        above, below = (L(*moved(weights, k, index, by)) for by in (step, -step))
        return (above - below) / (2 * step)
    return entry_by_entry(derivative, weights)


def complex_step(L, weights, step=1e-30):
    """Im L(w + i step) / step, for each entry w: right to the last digits, nothing cancels (Squire & Trapp, 1998)."""
    return entry_by_entry(lambda k, index: L(*moved(weights, k, index, 1j * step)).imag / step, weights)
