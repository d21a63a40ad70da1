// ResNet
