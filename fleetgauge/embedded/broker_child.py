"""A script that runs rumqttd in the foreground: `broker_child.py CONFIG.toml`."""

import logging
import sys

from iotcore import IotCoreBroker

if __name__ == "__main__":
    logging.basicConfig(format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # rumqttd's spans around every packet reach Python's logging as errors.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    broker = IotCoreBroker(config_path=sys.argv[1])
    broker.check_ports()
    broker.run_forever()
