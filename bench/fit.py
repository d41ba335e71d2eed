"""fit.py - the BG/NBD model fitted with numpy and scipy, as well as we can: what fit.c races against.

    python3 bench/fit.py FILE
    python3 bench/fit.py --rows FILE

FILE holds customers as fit.c writes them: n, then frequency, recency and age as 32-bit integers (days), then
monetary values.  Prints CPU ms of grouping and fitting, the log-likelihood, its evaluations, and r, alpha, a, b.

The log-likelihood is that of ext/model/bgnbd.c, in logarithms throughout, of customers grouped by (frequency,
recency, age).  With --rows each group is a row, and whole-array operations compute its terms, lgamma, beta and psi
too: what one writes who knows numpy.  Without, what can be taken out of the loop is: what depends on the frequency
alone, or on an age alone, is summed over the distinct ones, as ext/model/bgnbdsum.c does it; customers without a
repeat purchase are in those sums only.  What is left costs a row one exp and one log1p, into arrays that are there
already.  L-BFGS-B with the analytic gradient, in logarithms of the parameters, from r = 1, alpha = mean(age) /
(mean(frequency) + 0.1), a = b = 1.
"""
import sys
import time

import numpy
from scipy.optimize import minimize
from scipy.special import betaln, digamma, expit, gammaln


def read(path):
    with open(path, "rb") as file:
        n = int(numpy.fromfile(file, numpy.int64, 1)[0])
        return [numpy.fromfile(file, numpy.int32, n) for _ in range(3)]


def group(frequency, recency, age):
    bits = int(age.max()).bit_length()
    key = (frequency.astype(numpy.int64) << 2 * bits) | (recency.astype(numpy.int64) << bits) | age
    key, count = numpy.unique(key, return_counts=True)
    mask = (1 << bits) - 1
    return key >> 2 * bits, (key >> bits) & mask, key & mask, count.astype(float)


class Rows:
    """A row for each history."""

    def __init__(self, frequency, recency, age):
        x, tx, T, self.weight = group(frequency, recency, age)
        self.x, self.tx, self.T = x.astype(float), tx.astype(float), T.astype(float)
        self.customers = self.weight.sum()
        self.evaluations = 0

    def start(self):
        mean_age, mean_x = self.weight @ self.T / self.customers, self.weight @ self.x / self.customers
        return numpy.log([1, mean_age / (mean_x + 0.1), 1, 1])

    def objective(self, point):
        """Minus the log-likelihood per customer, and its gradient, by the logarithms of the parameters."""
        self.evaluations += 1
        r, alpha, a, b = numpy.exp(point)
        x, weight = self.x, self.weight
        log_now, log_last = numpy.log(alpha + self.T), numpy.log(alpha + self.tx)
        repeat = x > 0
        bx = numpy.where(repeat, b + x - 1, 1)
        odds = numpy.where(repeat, numpy.log(a / bx) + (r + x) * (log_now - log_last), -numpy.inf)
        value = (gammaln(r + x) - gammaln(r) + r * numpy.log(alpha) + betaln(a, b + x) - betaln(a, b)
                 - (r + x) * log_now + numpy.logaddexp(0, odds))
        gone = expit(odds)
        psi_abx = digamma(a + b + x)
        gradient = numpy.array([
            weight @ (digamma(r + x) - digamma(r) + numpy.log(alpha) - (1 - gone) * log_now - gone * log_last) * r,
            weight @ (r / alpha - (r + x) * ((1 - gone) / (alpha + self.T) + gone / (alpha + self.tx))) * alpha,
            weight @ (digamma(a + b) - psi_abx + gone / a) * a,
            weight @ (digamma(a + b) - psi_abx + digamma(b + x) - digamma(b) - gone / bx) * b])
        return -(weight @ value) / self.customers, -gradient / self.customers


class Tables:
    """What depends on the frequency or on an age alone, summed; the rest row by row."""

    def __init__(self, frequency, recency, age):
        x, tx, T, weight = group(frequency, recency, age)
        self.customers = weight.sum()
        by_x = numpy.bincount(x, weight)
        self.x = numpy.flatnonzero(by_x).astype(float)
        self.customers_of_x = by_x[by_x > 0]
        self.customers_of_age = numpy.bincount(T, weight)
        self.purchases_of_age = numpy.bincount(T, weight * x)
        self.purchases = self.purchases_of_age.sum()
        self.days = numpy.arange(len(self.customers_of_age), dtype=float)
        repeat = x > 0
        self.weight = weight[repeat]
        self.xr, self.txr, self.Tr = x[repeat], tx[repeat], T[repeat]
        self.xr_float = self.xr.astype(float)
        self.place = numpy.searchsorted(self.x, self.xr)
        self.D, self.u, self.v, self.w = (numpy.empty(len(self.weight)) for _ in range(4))
        self.evaluations = 0

    def start(self):
        mean_age = float((self.days * self.customers_of_age).sum() / self.customers)
        return numpy.log([1, mean_age / (self.purchases / self.customers + 0.1), 1, 1])

    def objective(self, point):
        """Minus the log-likelihood per customer, and its gradient, by the logarithms of the parameters."""
        self.evaluations += 1
        r, alpha, a, b = numpy.exp(point)
        x, n_x = self.x, self.customers_of_x
        log_day, per_day = numpy.log(alpha + self.days), 1 / (alpha + self.days)
        rate = r * self.customers_of_age + self.purchases_of_age
        value = (n_x @ (gammaln(r + x) + gammaln(b + x) - gammaln(a + b + x)) - rate @ log_day
                 + self.customers * (r * numpy.log(alpha) - gammaln(r) + gammaln(a + b) - gammaln(b)))
        psi_ab, psi_b = digamma(a + b + x), digamma(b + x)
        by_r = n_x @ digamma(r + x) + self.customers * (numpy.log(alpha) - digamma(r)) - self.customers_of_age @ log_day
        by_alpha = self.customers * r / alpha - rate @ per_day
        by_a = self.customers * digamma(a + b) - n_x @ psi_ab
        by_b = self.customers * (digamma(a + b) - digamma(b)) + n_x @ (psi_b - psi_ab)

        # Of repeat buyers: D, the log odds of being gone, ln(1 + exp(D)), and w = P(gone).
        with numpy.errstate(divide="ignore"):
            odds_of_x = numpy.log(a) - numpy.log(b + x - 1)
        D, u, v, w = self.D, self.u, self.v, self.w
        numpy.take(log_day, self.Tr, out=u)
        numpy.take(log_day, self.txr, out=v)
        numpy.subtract(u, v, out=u)             # ln((alpha + T) / (alpha + tx))
        numpy.add(self.xr_float, r, out=v)
        numpy.multiply(v, u, out=D)
        D += odds_of_x[self.place]
        numpy.negative(numpy.abs(D, out=w), out=w)
        numpy.exp(w, out=w)
        numpy.log1p(w, out=v)
        numpy.add(v, numpy.maximum(D, 0), out=v)
        value += self.weight @ v
        numpy.divide(numpy.where(D > 0, 1, w), w + 1, out=w)
        w *= self.weight
        by_r += w @ u
        numpy.take(per_day, self.Tr, out=u)
        u -= per_day[self.txr]
        u *= w
        by_alpha += u @ self.xr_float + r * u.sum()
        w_sum = w.sum()
        by_a += w_sum / a
        by_b -= w @ (1 / (b + self.xr_float - 1))
        gradient = numpy.array([by_r * r, by_alpha * alpha, by_a * a, by_b * b])
        return -value / self.customers, -gradient / self.customers


def fit(kind, frequency, recency, age):
    histories = kind(frequency, recency, age)
    found = minimize(histories.objective, histories.start(), jac=True, method="L-BFGS-B",
                     options={"ftol": 1e-13, "gtol": 1e-8, "maxiter": 500})
    return numpy.exp(found.x), -found.fun * histories.customers, histories.evaluations


def main():
    kind = Rows if "--rows" in sys.argv[1:] else Tables
    customers = read(sys.argv[-1])
    before = time.process_time()
    params, log_likelihood, evaluations = fit(kind, *customers)
    spent = time.process_time() - before
    print(f"{spent * 1e3:.3f} {log_likelihood:.9f} {evaluations}", *(f"{p:.10g}" for p in params))


main()
