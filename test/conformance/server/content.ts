import type { CallToolResult, ContentBlock, PromptMessage } from '@modelcontextprotocol/server';

/** One blue pixel. */
export const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAIAAACQd1PeAAAADElEQVR4nGNgaPgPAAIDAYAkYfWXAAAAAElFTkSuQmCC';
/** A millisecond at 8 kHz. */
export const WAV = 'UklGRiwAAABXQVZFZm10IBAAAAABAAEAQB8AAEAfAAABAAgAZGF0YQgAAACAoLCggGBQYA==';

export const text = (value: string): ContentBlock => ({ type: 'text', text: value });
export const image: ContentBlock = { type: 'image', data: PNG, mimeType: 'image/png' };
export const audio: ContentBlock = { type: 'audio', data: WAV, mimeType: 'audio/wav' };
export const embedded = (uri: string, mimeType: string, value: string): ContentBlock => ({
  type: 'resource',
  resource: { uri, mimeType, text: value },
});

export const result = (...content: ContentBlock[]): CallToolResult => ({ content });
export const says = (value: string): CallToolResult => result(text(value));
export const fromUser = (content: ContentBlock): PromptMessage => ({ role: 'user', content });
