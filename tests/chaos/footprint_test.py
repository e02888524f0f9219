"""The judgement on what a long-lived process takes: growth is seen, warming up and noise are not."""

import unittest

import footprint


def life(resident_mib, descriptors=None):
    """A broker's life of twenty minutes, a sample for each figure."""
    step = 1200 / (len(resident_mib) - 1)
    return [{"event": "footprint", "role": "broker", "pid": 1, "at": n * step, "resident_bytes": mib << 20,
             "threads": 5, "descriptors": (descriptors or [40] * len(resident_mib))[n], "disk_bytes": 1 << 20}
            for n, mib in enumerate(resident_mib)]


class Footprint(unittest.TestCase):
    def grown(self, samples):
        return [names for each in footprint.lives(samples) if (names := each.grown())]

    def test_steady_growth_is_seen(self):
        self.assertEqual(self.grown(life([100 + 10 * n for n in range(40)])), [["resident_bytes"]])

    def test_warming_up_is_no_growth(self):
        self.assertEqual(self.grown(life([20, 60, 120, 180, 200] + [200] * 35)), [])

    def test_noise_is_no_growth(self):
        self.assertEqual(self.grown(life([100, 140] * 20)), [])

    def test_lost_descriptors_are_seen(self):
        self.assertEqual(self.grown(life([100] * 40, descriptors=list(range(40, 120, 2)))), [["descriptors"]])

    def test_each_process_has_a_life_of_its_own_and_a_short_one_is_not_judged(self):
        short = [dict(sample, pid=2, at=sample["at"] / 4) for sample in life([100 * n for n in range(1, 41)])]
        self.assertEqual(self.grown(life([100] * 40) + short), [])


if __name__ == "__main__":
    unittest.main(verbosity=2)
