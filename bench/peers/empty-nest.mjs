// A Nest application without a route, which loads the packages that Barista loads. It says so when it listens.
import 'reflect-metadata';
import '@nestjs/swagger';
import '@nestjs/terminus';
import '@nestjs/typeorm';
import '@node-rs/argon2';
import 'ajv';
import 'better-sqlite3';
import 'class-transformer';
import 'class-validator';
import 'express-session';
import 'helmet';
import 'lossless-json';
import 'lru-cache';
import 'onnxruntime-node';
import 'pino';
import 'prom-client';
import 'rxjs';
import 'typeorm';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';

class AppModule {
  isEmpty = true;
}
Module({})(AppModule);

const app = await NestFactory.create(AppModule, { logger: false });
await app.listen(0, '127.0.0.1');
console.log(JSON.stringify({ url: await app.getUrl() }));
process.on('SIGTERM', () => process.exit(0));
