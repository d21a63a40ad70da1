import CompareModes
import DatasetPack
import DetectorKit
import Evaluate
import ExtractTeacher
import InvertedResNet
import JointSearch
import MobileNetV3
import Morph
import ResNet
import StageKit
import TeacherPool
import Train

// The plugins that the program is built with, each in its own folder under Plugins/. A new one is added to Package.swift
// and to one of these lists; a test fails when folders and lists disagree.

/// Backbones: `Plugins/<backbone>`.
let backbones: [any Backbone] = [
    ResNet(),
    MobileNetV3(),
    InvertedResNet(),
]

let backboneCatalog = BackboneCatalog(backbones)

/// Stages: `Plugins/<stage>`. Those that build detectors get `backboneCatalog`.
let stages: [any StagePlugin] = [
    DatasetPack(),
    Train(backbones: backboneCatalog),
    Morph(backbones: backboneCatalog),
    TeacherPool(backbones: backboneCatalog),
    ExtractTeacher(backbones: backboneCatalog),
    JointSearch(backbones: backboneCatalog),
    Evaluate(backbones: backboneCatalog),
    CompareModes(),
]

let stageCatalog = StageCatalog(stages)
